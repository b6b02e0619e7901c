/* replaced by the sandbox launcher */
int main(void) { return 125; }

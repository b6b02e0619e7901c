// The first suite of this room replaces this file.

// catboat-setattr ROOT < LIST: sets the extended attributes that LIST names on the files below ROOT.
//
// LIST is what `getfattr --dump` writes: "# file: NAME", then lines NAME=VALUE (0sBASE64, 0xHEX or "text" with \ooo),
// then an empty line. It runs in the initramfs of a node, where the image need not have setfattr: so it is linked
// statically and uses nothing but the kernel. Symbolic links are not followed. Files that are not there (an exclude
// list took them) and attributes that the file system refuses are named on stderr; the rest is still done; exit 1.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

// Undoes \ooo, \\ and \" in place; returns the new length.
static size_t unquote(char *text, size_t length) {
    size_t out = 0;
    for (size_t in = 0; in < length; in++) {
        if (text[in] == '\\' && in + 3 < length && text[in + 1] >= '0' && text[in + 1] <= '3' &&
            text[in + 2] >= '0' && text[in + 2] <= '7' && text[in + 3] >= '0' && text[in + 3] <= '7') {
            text[out++] = (char)((text[in + 1] - '0') << 6 | (text[in + 2] - '0') << 3 | (text[in + 3] - '0'));
            in += 3;
        } else if (text[in] == '\\' && in + 1 < length) {
            text[out++] = text[++in];
        } else {
            text[out++] = text[in];
        }
    }
    return out;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return -1;
}

// Decodes a value in place; returns its length, or -1 when it is malformed.
static ssize_t decode(char *value, size_t length) {
    size_t out = 0;
    if (length >= 2 && value[0] == '0' && (value[1] == 'x' || value[1] == 'X')) {
        if (length % 2) return -1;
        for (size_t in = 2; in < length; in += 2) {
            int high = hex_digit(value[in]), low = hex_digit(value[in + 1]);
            if (high < 0 || low < 0) return -1;
            value[out++] = (char)(high << 4 | low);
        }
        return (ssize_t)out;
    }
    if (length >= 2 && value[0] == '0' && (value[1] == 's' || value[1] == 'S')) {
        unsigned bits = 0, count = 0;
        for (size_t in = 2; in < length && value[in] != '='; in++) {
            int digit = base64_digit(value[in]);
            if (digit < 0) return -1;
            bits = bits << 6 | (unsigned)digit;
            count += 6;
            if (count >= 8) {
                count -= 8;
                value[out++] = (char)(bits >> count);
            }
        }
        return (ssize_t)out;
    }
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        memmove(value, value + 1, length - 2);
        return (ssize_t)unquote(value, length - 2);
    }
    return (ssize_t)unquote(value, length);
}

// A name of the list stays below ROOT: relative, no "..".
static int stays_below(const char *name) {
    if (name[0] == '/' || name[0] == 0) return 0;
    for (const char *part = name; part; part = strchr(part, '/')) {
        if (*part == '/') part++;
        if (part[0] == '.' && part[1] == '.' && (part[2] == '/' || part[2] == 0)) return 0;
    }
    return 1;
}

// An overlay refuses an ACL for a file that still lies in a lower layer without ACLs (squashfs). Giving the file the mode
// that it has brings it to the upper layer.
static int set(const char *file, const char *name, const void *value, size_t size) {
    struct stat status;
    if (lsetxattr(file, name, value, size, 0) == 0) return 0;
    if (errno != EOPNOTSUPP || lstat(file, &status) != 0 || S_ISLNK(status.st_mode)) return -1;
    if (chmod(file, status.st_mode & 07777) != 0) return -1;
    return lsetxattr(file, name, value, size, 0);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: catboat-setattr ROOT < LIST\n");
        return 129;
    }
    if (chdir(argv[1]) != 0) {
        fprintf(stderr, "catboat-setattr: error: %s: '%s'\n", strerror(errno), argv[1]);
        return 128;
    }
    char *line = NULL, *file = NULL;
    size_t capacity = 0, number = 0;
    int result = 0;
    for (ssize_t length; (length = getline(&line, &capacity, stdin)) >= 0;) {
        number++;
        if (length > 0 && line[length - 1] == '\n') line[--length] = 0;
        if (length == 0) continue;
        if (strncmp(line, "# file: ", 8) == 0) {
            size_t named = unquote(line + 8, (size_t)length - 8);
            free(file);
            file = strndup(line + 8, named);
            if (!file || !stays_below(file)) {
                fprintf(stderr, "catboat-setattr: error: line %zu: not a name below the root\n", number);
                return 128;
            }
            continue;
        }
        char *equals = strchr(line, '=');
        if (line[0] == '#') continue;
        if (!file || !equals) {
            fprintf(stderr, "catboat-setattr: error: line %zu: neither a file nor an attribute\n", number);
            return 128;
        }
        *equals = 0;
        unquote(line, strlen(line) + 1);
        char *value = equals + 1;
        ssize_t size = decode(value, (size_t)(line + length - value));
        if (size < 0) {
            fprintf(stderr, "catboat-setattr: error: line %zu: the value of '%s' is malformed\n", number, line);
            return 128;
        }
        if (set(file, line, value, (size_t)size) != 0) {
            fprintf(stderr, "%s: %s: %s\n", file, line, strerror(errno));
            result = 1;
        }
    }
    if (ferror(stdin)) {
        fprintf(stderr, "catboat-setattr: error: cannot read the list\n");
        return 128;
    }
    return result;
}

/* Runs a fuzz target over files and folders of files, so that `meson test` replays the corpus without a fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

static int replay_file(const char *path)
{
	static uint8_t input[INPUT_MAX];
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return -1;
	}
	LLVMFuzzerTestOneInput(input, fread(input, 1, sizeof input, f));
	fclose(f);
	return 1;
}

/* How many inputs were run, or -1. */
static int replay(const char *path)
{
	struct stat st;
	char inside[4096];
	int n = 0;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return replay_file(path);
	DIR *d = opendir(path);
	if (!d) {
		perror(path);
		return -1;
	}
	for (struct dirent *e; n >= 0 && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(inside, sizeof inside, "%s/%s", path, e->d_name);
		int r = replay(inside);
		n = r < 0 ? -1 : n + r;
	}
	closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	int all = 0;

	for (int i = 1; i < argc; i++) {
		int n = replay(argv[i]);
		if (n <= 0)
			return EXIT_FAILURE;
		all += n;
	}
	printf("%d inputs\n", all);
	return all > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

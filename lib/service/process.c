/* process - the standard process_* metrics, from /proc. */
#include "service/process.h"

#include <dirent.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void put(FILE *f, const char *name, const char *type, const char *help, double v)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n%s %.16g\n", name, help, name, type, name, v);
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void put_cpu(FILE *f)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		return;
	put(f, "process_cpu_seconds_total", "counter", "User and system CPU time.",
		seconds(u.ru_utime) + seconds(u.ru_stime));
}

static void put_files(FILE *f)
{
	struct rlimit limit;
	DIR *d = opendir("/proc/self/fd");
	int n = -3; /* ".", ".." and the directory itself */

	if (d) {
		while (readdir(d))
			n++;
		closedir(d);
		put(f, "process_open_fds", "gauge", "Open file descriptors.", n);
	}
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur != RLIM_INFINITY)
		put(f, "process_max_fds", "gauge", "Most open file descriptors.", (double)limit.rlim_cur);
}

/* Fields of /proc/self/stat, counted from 1 as in proc(5). */
enum { STAT_THREADS = 20, STAT_START = 22, STAT_VIRTUAL = 23, STAT_RESIDENT = 24 };

static double boot_time(void)
{
	FILE *f = fopen("/proc/stat", "re");
	char line[256];
	unsigned long long t = 0;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "btime %llu", &t) == 1)
			break;
	if (f)
		fclose(f);
	return (double)t;
}

static void put_stat(FILE *f)
{
	FILE *stat = fopen("/proc/self/stat", "re");
	char line[1024], *at = NULL, *save = NULL;
	double field[STAT_RESIDENT + 1] = { 0 };

	if (!stat)
		return;
	if (fgets(line, sizeof line, stat))
		at = strrchr(line, ')'); /* field 2 is a name that may hold spaces and brackets */
	fclose(stat);
	if (!at || !strtok_r(at + 2, " ", &save))
		return;
	for (int i = 4; i <= STAT_RESIDENT; i++) {
		unsigned long long v;
		char *word = strtok_r(NULL, " ", &save);
		if (word && sscanf(word, "%llu", &v) == 1)
			field[i] = (double)v;
	}
	put(f, "process_threads", "gauge", "Threads.", field[STAT_THREADS]);
	put(f, "process_virtual_memory_bytes", "gauge", "Virtual memory.", field[STAT_VIRTUAL]);
	put(f, "process_resident_memory_bytes", "gauge", "Resident memory.",
		field[STAT_RESIDENT] * (double)sysconf(_SC_PAGESIZE));
	put(f, "process_start_time_seconds", "gauge", "Start of the process since 1970-01-01 UTC.",
		boot_time() + field[STAT_START] / (double)sysconf(_SC_CLK_TCK));
}

void process_metrics(FILE *f)
{
	put_cpu(f);
	put_files(f);
	put_stat(f);
	fprintf(f,
		"# HELP pettrack_build_info The version that runs.\n# TYPE pettrack_build_info gauge\n"
		"pettrack_build_info{version=\"%s\"} 1\n",
		PETTRACK_VERSION);
}

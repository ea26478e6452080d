// SPDX-License-Identifier: Apache-2.0
//
// Runs the programs that were compiled for the machine itself. Each line of
// standard input is a name and how often; the answer is the nanoseconds that took
// and the last result.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct xdp_md {
	unsigned long data;
	unsigned long data_end;
};

#define ROW(name) int run_##name(struct xdp_md *);
#include "rows.h"
#undef ROW

static const struct {
	const char *name;
	int (*run)(struct xdp_md *);
} rows[] = {
#define ROW(name) { #name, run_##name },
#include "rows.h"
};

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int argc, char **argv)
{
	FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;
	char *frame = aligned_alloc(4096, 8192), name[64];
	unsigned long n;

	if (!f || !frame)
		return 1;
	memset(frame, 0, 8192);
	size_t size = fread(frame + 256, 1, 4096, f);
	struct xdp_md ctx = { (unsigned long)frame + 256, (unsigned long)frame + 256 + size };

	while (scanf("%63s %lu", name, &n) == 2) {
		int (*run)(struct xdp_md *) = NULL;
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (!strcmp(name, rows[i].name))
				run = rows[i].run;
		if (!run)
			return 1;
		unsigned result = run(&ctx);
		long long start = now();
		for (unsigned long i = 0; i < n; i++)
			result = run(&ctx);
		printf("%lld %u\n", now() - start, result);
		fflush(stdout);
	}
	return 0;
}

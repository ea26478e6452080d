// SPDX-License-Identifier: Apache-2.0
//
// A state machine over 300 bytes that tells words, numbers, quoted text and
// comments apart.
#include "bench.h"

enum { BETWEEN, WORD, NUMBER, QUOTED, ESCAPED, COMMENT };

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u8 *p = INPUT(ctx);
	__u32 state = BETWEEN, words = 0, numbers = 0, quotes = 0, others = 0;

	for (int i = 0; i < 300; i++) {
		__u32 c = p[i + 40] & 0x7f;
		switch (state) {
		case QUOTED:
			if (c == '\\')
				state = ESCAPED;
			else if (c == '"')
				state = BETWEEN;
			continue;
		case ESCAPED:
			state = QUOTED;
			continue;
		case COMMENT:
			if (c == '\n')
				state = BETWEEN;
			continue;
		case WORD:
			if ((c | 32) - 'a' < 26 || c - '0' < 10)
				continue;
			break;
		case NUMBER:
			if (c - '0' < 10)
				continue;
			break;
		}
		if ((c | 32) - 'a' < 26) {
			state = WORD;
			words++;
		} else if (c - '0' < 10) {
			state = NUMBER;
			numbers++;
		} else if (c == '"') {
			state = QUOTED;
			quotes++;
		} else if (c == '#') {
			state = COMMENT;
		} else {
			state = BETWEEN;
			others++;
		}
	}
	return state | words << 4 | numbers << 12 | quotes << 20 | others << 24;
}

// SPDX-License-Identifier: Apache-2.0
/* Prints the tests that the kernel's test_verifier.c holds as arrays, one file
 * for each array: scripts/arraytests.sh compiles this with a kernel's source.
 * A test is some lines of a word and its values; numbers of bytes are hex:
 *
 *	test NUMBER PROG_TYPE ATTACH_TYPE FLAGS DESCRIPTION
 *	attach NAME
 *	map INSN NAME		a map's descriptor goes there
 *	kfunc INSN NAME		a kernel function's id goes there
 *	btf BYTES		the types of the program
 *	func BYTES		its func_info
 *	mapbtf BYTES		the types of its maps
 *	code BYTES
 *	end
 */
#define main test_verifier_main
#include "test_verifier.c"
#undef main

#include "arrays.inc"

static FILE *out;

static void bytes(const char *word, const void *p, size_t n)
{
	const unsigned char *b = p;

	if (!n)
		return;
	fprintf(out, "%s ", word);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%02x", b[i]);
	fputc('\n', out);
}

static void types(const char *word, const void *t, size_t tlen, const void *s, size_t slen)
{
	struct btf_header h = {
		.magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(h),
		.type_len = tlen, .str_off = tlen, .str_len = slen,
	};
	char *all = malloc(sizeof(h) + tlen + slen);

	memcpy(all, &h, sizeof(h));
	memcpy(all + sizeof(h), t, tlen);
	memcpy(all + sizeof(h) + tlen, s, slen);
	bytes(word, all, sizeof(h) + tlen + slen);
	free(all);
}

static void maps(const char *name, const int *at)
{
	for (int i = 0; i < MAX_FIXUPS && at[i]; i++)
		fprintf(out, "map %d %s\n", at[i], name);
}

#define MAPS(X) \
	X(map_hash_8b) X(map_hash_48b) X(map_hash_16b) X(map_array_48b) X(map_sockmap) X(map_sockhash) X(map_xskmap) \
	X(map_stacktrace) X(prog1) X(prog2) X(map_in_map) X(cgroup_storage) X(percpu_cgroup_storage) X(map_spin_lock) \
	X(map_array_ro) X(map_array_wo) X(map_array_small) X(sk_storage_map) X(map_event_output) X(map_reuseport_array) \
	X(map_ringbuf) X(map_timer) X(map_kptr)

static void print(struct bpf_test *t, unsigned int n)
{
	struct bpf_insn *code = t->insns;
	size_t len;

	if (t->fill_helper) {
		t->fill_insns = calloc(MAX_TEST_INSNS + 64, sizeof(*code));
		t->fill_helper(t);
		code = t->fill_insns;
		len = t->prog_len;
	} else {
		len = probe_filter_length(code);
	}
	fprintf(out, "test %u %d %d %d %s\n", n, t->prog_type ? t->prog_type : BPF_PROG_TYPE_SOCKET_FILTER,
		t->expected_attach_type, t->flags, t->descr);
	if (t->kfunc)
		fprintf(out, "attach %s\n", t->kfunc);
#define PRINT(name) maps(#name, t->fixup_##name);
	MAPS(PRINT)
	for (int i = 0; i < MAX_FIXUPS && t->fixup_kfunc_btf_id[i].kfunc; i++)
		fprintf(out, "kfunc %d %s\n", t->fixup_kfunc_btf_id[i].insn_idx, t->fixup_kfunc_btf_id[i].kfunc);
	if (t->btf_types[0]) {
		size_t words = 0;

		while (words < MAX_BTF_TYPES && t->btf_types[words] != BTF_END_RAW)
			words++;
		types("btf", t->btf_types, words * sizeof(t->btf_types[0]), t->btf_strings, sizeof(t->btf_strings));
		bytes("func", t->func_info, t->func_info_cnt * sizeof(t->func_info[0]));
	}
	if (t->fixup_map_spin_lock[0] || t->fixup_map_timer[0] || t->fixup_sk_storage_map[0] || t->fixup_map_kptr[0])
		types("mapbtf", btf_raw_types, sizeof(btf_raw_types), btf_str_sec, sizeof(btf_str_sec));
	bytes("code", code, len * sizeof(*code));
	fprintf(out, "end\n");
	free(t->fill_insns);
}

int main(int argc, char **argv)
{
	char name[4096];

	for (size_t a = 0; a < sizeof(arrays) / sizeof(arrays[0]); a++) {
		snprintf(name, sizeof(name), "%s/%s.tests", argv[1], arrays[a].name);
		out = fopen(name, "w");
		if (argc != 2 || !out) {
			perror(name);
			return 1;
		}
		for (unsigned int i = 0; i < arrays[a].count; i++)
			print(&arrays[a].tests[i], i);
		if (fclose(out)) {
			perror(name);
			return 1;
		}
	}
	return 0;
}

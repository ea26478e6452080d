package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/verifier"
)

func main() {
	file := flag.String("plugin", "examples/policy/policy.bpf.o", "object with the plug-in")
	engine := flag.String("engine", "", "interp or jit")
	flag.Parse()
	if err := serve(*file, skep.Engine(*engine), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// headLen is the size of struct request without its path.
const headLen = 8

// verdicts are what the plug-in says.
var verdicts = [...]string{"deny", "allow", "later"}

// policy is a plug-in that was loaded.
type policy struct {
	rt     *skep.Runtime
	coll   *skep.Collection
	runner *skep.Runner
}

// load verifies a plug-in by the rules for programs of others: it may loop and
// call functions, reads nothing that it was not given, and tells no addresses.
func load(file string, engine skep.Engine) (p *policy, err error) {
	p = &policy{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	// The process keeps its own handlers of signals.
	if p.rt, err = skep.NewRuntime(&skep.RuntimeOptions{Engine: engine, NoSignals: true}); err != nil {
		return nil, err
	}
	spec, err := skep.LoadCollectionSpec(file)
	if err != nil {
		return nil, err
	}
	opts := skep.CollectionOptions{Backend: p.rt}
	opts.Programs.Trust, opts.Programs.Caps = verifier.Sandbox, verifier.CapBPF // as for all raw programs
	if p.coll, err = skep.NewCollectionWithOptions(spec, opts); err != nil {
		return nil, err
	}
	prog := p.coll.Programs["policy"]
	if prog == nil {
		return nil, fmt.Errorf("%s: no program named policy", file)
	}
	// A plug-in that takes long is ended, not waited for.
	p.runner, err = prog.Runner(context.Background(), &skep.RunnerOptions{Budget: 100_000})
	return p, err
}

func (p *policy) close() {
	if p.runner != nil {
		p.runner.Close()
	}
	if p.coll != nil {
		p.coll.Close()
	}
	if p.rt != nil {
		p.rt.Close()
	}
}

// ask writes a request into the memory that the plug-in sees, so that nothing is
// copied, and reads back what it wrote there.
func (p *policy) ask(client netip.Addr, path string) (verdict uint64, class byte, err error) {
	m := p.runner.Memory()
	if headLen+len(path) > len(m) || !client.Is4() {
		return 0, 0, nil
	}
	addr := client.As4()
	copy(m, addr[:])
	binary.LittleEndian.PutUint16(m[4:], uint16(len(path)))
	m[6], m[7] = 0, 0
	copy(m[headLen:], path)
	verdict, err = p.runner.RunMemory(m[:headLen+len(path)])
	return verdict, m[6], err
}

func serve(file string, engine skep.Engine, in io.Reader, out io.Writer) error {
	p, err := load(file, engine)
	if err != nil {
		return err
	}
	defer p.close()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		name, path, _ := strings.Cut(lines.Text(), " ")
		client, err := netip.ParseAddr(name)
		if err != nil {
			return err
		}
		verdict, class, err := p.ask(client, path)
		switch {
		case err != nil:
			return err
		case verdict >= uint64(len(verdicts)):
			return fmt.Errorf("the plug-in said %d", verdict)
		case verdicts[verdict] == "allow":
			fmt.Fprintf(out, "%s %s: allow, class %d\n", client, path, class)
		default:
			fmt.Fprintf(out, "%s %s: %s\n", client, path, verdicts[verdict])
		}
	}
	return lines.Err()
}

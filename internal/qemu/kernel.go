package qemu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// suites are where Debian keeps the kernels of a release, the cloud flavour: it
// has what a virtual machine needs built in. The numbers of builds move, so
// the newest one is taken.
var suites = map[string]string{
	"5.10": "bullseye",
	"6.1":  "bookworm",
	"6.12": "trixie",
	"6.18": "trixie-backports",
	"7":    "trixie-backports",
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// Kernel finds the newest kernel of a release ("6.12"; "7" for any 7.x) below
// dir, or fetches it there from Debian: only unpacked, never installed.
func Kernel(ctx context.Context, dir, release string) (string, error) {
	suite, ok := suites[release]
	if !ok {
		return "", fmt.Errorf("kernel %q: not one of those that Debian has", release)
	}
	dir, err := filepath.Abs(filepath.Join(dir, "kernel-"+release))
	if err != nil {
		return "", err
	}
	if image := vmlinuz(dir); image != "" {
		return image, nil
	}
	for _, tool := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", &UnavailableError{fmt.Sprintf("kernel %s: no %s to fetch it with", release, tool)}
		}
	}
	if _, err := os.Stat(keyring); err != nil {
		return "", &UnavailableError{fmt.Sprintf("kernel %s: no keys of Debian's archive", release)}
	}
	a := &apt{ctx: ctx, dir: filepath.Join(dir, "apt")}
	if err := a.prepare(suite); err != nil {
		return "", err
	}
	if err := a.fetch(release, dir); err != nil {
		return "", &UnavailableError{fmt.Sprintf("kernel %s: %v", release, err)}
	}
	if image := vmlinuz(dir); image != "" {
		return image, nil
	}
	return "", &UnavailableError{fmt.Sprintf("kernel %s: none in the packages of %s", release, suite)}
}

// vmlinuz is the kernel's image below dir, "" if there is none. Since 7.0 it
// lies with the modules.
func vmlinuz(dir string) string {
	for _, pattern := range []string{"root/boot/vmlinuz-*", "root/usr/lib/modules/*/vmlinuz"} {
		if found, err := filepath.Glob(filepath.Join(dir, pattern)); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// apt is a package manager with lists of its own, which does not touch those
// of the machine.
type apt struct {
	ctx context.Context
	dir string
}

func (a *apt) prepare(suite string) error {
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.dir, d), 0o755); err != nil {
			return err
		}
	}
	mirror, err := a.mirror()
	if err != nil {
		return err
	}
	line := fmt.Sprintf("deb [signed-by=%s] %s %s main\n", keyring, mirror, suite)
	return os.WriteFile(filepath.Join(a.dir, "sources.list"), []byte(line), 0o644)
}

// mirror is the archive that the machine itself is installed from.
func (a *apt) mirror() (string, error) {
	out, err := exec.CommandContext(a.ctx, "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").Output()
	if err != nil {
		return "", fmt.Errorf("apt-get indextargets: %w", err)
	}
	for uri := range strings.FieldsSeq(string(out)) {
		if strings.HasSuffix(uri, "/debian/") {
			return uri, nil
		}
	}
	return "", &UnavailableError{"no archive of Debian among the machine's package sources"}
}

func (a *apt) run(dir, tool string, args ...string) (string, error) {
	options := []string{
		"-o", "Dir::Etc::SourceList=" + filepath.Join(a.dir, "sources.list"), "-o", "Dir::Etc::SourceParts=/dev/null",
		"-o", "Dir::State::Lists=" + filepath.Join(a.dir, "lists"), "-o", "Dir::Cache=" + filepath.Join(a.dir, "cache"),
		"-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=", "-q",
	}
	cmd := exec.CommandContext(a.ctx, tool, append(options, args...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		text := strings.TrimSpace(string(exit.Stderr))
		return "", fmt.Errorf("%s %s: %w: %s", tool, args[0], err, text)
	}
	return string(out), err
}

// fetch unpacks the newest package that holds a kernel below dir/root.
func (a *apt) fetch(release, dir string) error {
	if _, err := a.run(a.dir, "apt-get", "update"); err != nil {
		return err
	}
	out, err := a.run(a.dir, "apt-cache", "search", "--names-only", "^linux-(image|binary)-.*cloud-amd64")
	if err != nil {
		return err
	}
	var names []string
	for line := range strings.Lines(out) {
		name, _, _ := strings.Cut(line, " ")
		if matches(name, release) {
			names = append(names, strings.TrimSpace(name))
		}
	}
	if len(names) == 0 {
		return errors.New("no package of it")
	}
	slices.SortFunc(names, byAge)
	for _, name := range names[:min(len(names), 4)] {
		if _, err = a.run(a.dir, "apt-get", "download", name); err != nil {
			continue
		}
		debs, globErr := filepath.Glob(filepath.Join(a.dir, name+"_*.deb"))
		if globErr != nil || len(debs) == 0 {
			continue
		}
		root := filepath.Join(dir, "root")
		if err = exec.CommandContext(a.ctx, "dpkg-deb", "-x", debs[0], root).Run(); err != nil {
			continue
		}
		if err = os.Remove(debs[0]); err != nil {
			return err
		}
		if vmlinuz(dir) != "" {
			return nil
		}
		if err = os.RemoveAll(root); err != nil {
			return err
		}
	}
	return err
}

var packageName = regexp.MustCompile(`^linux-(?:image|binary)-(?:unsigned-)?(\d+\.\d+[^-]*)(?:-\d+)?-cloud-amd64(?:-unsigned)?$`)

func matches(name, release string) bool {
	m := packageName.FindStringSubmatch(name)
	return m != nil && (m[1] == release || strings.HasPrefix(m[1], release+"."))
}

var digits = regexp.MustCompile(`\d+`)

// byAge sorts the newest package first; of one version those that hold a
// kernel whatever the release.
func byAge(a, b string) int {
	x, y := digits.FindAllString(a, -1), digits.FindAllString(b, -1)
	for i := range min(len(x), len(y)) {
		p, _ := strconv.Atoi(x[i])
		q, _ := strconv.Atoi(y[i])
		if p != q {
			return cmp.Compare(q, p)
		}
	}
	return cmp.Compare(a, b)
}

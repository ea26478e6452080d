package object

import (
	"bytes"
	"context"
	"os/exec"
	"time"
)

// clangTime is how long a compiler may take.
const clangTime = 2 * time.Minute

func lookPath(name string) (string, error) { return exec.LookPath(name) }

// run runs a command and gives its standard output and standard error.
func run(name string, args []string) ([]byte, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), clangTime)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return stdout.Bytes(), stderr.String(), err
}

#!/usr/bin/env node
// The command is that of @rlmflow/cli, which finds the packages beside it that this one depends on.
import "@rlmflow/cli/rlmflow";

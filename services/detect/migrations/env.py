from payesh.kit.migrations import run_environment

run_environment()

# shellcheck shell=bash
# demo - an owner with ten pets that move. What it made is remembered in .run/demo.

demo_start() { :; }
demo_say() { :; }

"""Running the test vectors against any program that speaks the protocol of spec/conformance.md.

`vectors` reads the cases, `runner` asks every question about them through one of `transports`,
`judge` says whether a reply is the one right answer, `report` tells people and programs. `client`
and `primitives` are this library's own answers.
"""

"""The process that routes the calls of one dirty pool to its workers; it knows no user code.

`loop` waits; the connections (`client`, `lane`, `control`, `daemon`) move bytes; what is to happen is decided
without sockets or clocks in `router`, `casualties`, `deadlines`, `roster` and `recycling`, as `effects` that
`performance` carries out.
"""

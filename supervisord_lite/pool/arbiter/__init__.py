"""The process that routes the calls of one dirty pool to its workers; it knows no user code.

`loop` waits; `connections` move bytes; what is to happen is decided in `pool.routing`, as effects that
`performance` carries out.
"""

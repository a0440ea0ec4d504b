"""Room: the process that evaluates foreign SPARQL on a checkpoint: requests in, answers out, over pipes.

It is started, watched and killed by `triplestore`. It imports the engine and nothing else of the house,
so that one that was killed is replaced in a moment.
"""

"""Servers that we start ourselves: one process group an arm, watched over and ended for certain.

``warden`` the process that ends a server whatever happens to us · ``process`` its handle · ``command`` how vLLM is
started · ``readiness`` waiting for it · ``effective`` what it really runs with · ``backend`` what the engine sees.
"""

"""Any server that speaks the OpenAI chat protocol: vLLM, SGLang, LMDeploy, llama.cpp, TGI.

``address`` what was typed · ``payload`` a request as bytes · ``exchange`` one streamed request with its stamps ·
``events`` bytes to events · ``deltas`` events to tokens · ``retrying`` another try · ``client`` the connection ·
``caches`` what a server remembers of an image · ``cache_audit`` whether it does, and forgets ·
``server_times`` what it says of a request itself · ``answers`` what the engine reads of an exchange ·
``runner`` one arm · ``backend`` what the engine sees.
"""

"""Policy + two arms → verdict: may this recipe, checkpoint or change be shipped?

answers      an arm's answers as columns
read_run     … from a run
stored       … from a stored baseline
join         two arms on the sample key, and whether they may be compared
pairing      which arms are compared with which
policy       what is asked for
policy_file  … from YAML
looks        the images of a first look, in a seeded order
accuracy     rules on accuracy
fidelity     an arm's own claim, and answers that changed
speed        rules on latency and memory
check        all rules of all arms; outcome holds them and the exit code
preserved    the answer to ``assert run.preserves_accuracy(…)``
comparison   differences without a verdict
junit, markdown, github   what CI systems read
"""

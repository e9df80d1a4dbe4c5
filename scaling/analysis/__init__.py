"""What results say, with the doubt of every number. Data frames in, frozen objects out; nothing here trains or draws.

Doors, in the order in which a question passes them:

- `settings.collapse_seeds`: trials to settings, with the noise of each accuracy (`uncertainty`).
- `comparability.parts`: what may be compared with what.
- `depth_width.regimes.regimes`: depth against width at the same cost.
- `equal_accuracy.compare.compare`: what a family costs at the same accuracy.
- `pareto.frontier.frontier`: the networks on the front.
- `laws.fits.fit_all`: laws of error, and which factor pays most.
- `additive`, `edf`, `seed_variance`: what each training method adds, error distributions, spread between seeds.
- `claims.replay.replay`: the paper's claims on anybody's results.
"""

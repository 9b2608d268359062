"""Steps of acts and automations, one verb a step, all in the open transaction.

The one rule: data steps run with the engine's rights, since what set them off was authorised; whoever set it off is kept
for the log. What a step names as its result may be used by the steps behind it.
"""

from yuanke.workflow.steps.kinds import STEPS, StepRun, entering, step
from yuanke.workflow.steps.running import run_steps

__all__ = ["STEPS", "StepRun", "entering", "run_steps", "step"]

from yuanke.workflow.steps import assign, data, documents, handing, telling, verbs  # noqa: F401 - each brings its verbs

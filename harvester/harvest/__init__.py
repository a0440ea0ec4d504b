"""Room: the story of a run and of a round: fetch, judge, guard, commit."""

from harvester.harvest.asking import Asked, From, Report
from harvester.harvest.children import Children
from harvester.harvest.plan import Plan, plan, plans
from harvester.harvest.rounds import harvest_round, report_of, run_source, submit
from harvester.harvest.run import Harvest

__all__ = [
    "Asked",
    "Children",
    "From",
    "Harvest",
    "Plan",
    "Report",
    "harvest_round",
    "plan",
    "plans",
    "report_of",
    "run_source",
    "submit",
]

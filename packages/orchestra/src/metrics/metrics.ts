import type { BackendFacts, Facts, Metric } from './metric.ts'

/** What of the store is watched, as metrics: each is one that an operator may be woken for, or that says why. */
export function metricsOf(facts: Facts): Metric[] {
  return [
    one('orchestra_workers', 'Workers that gave a sign of life in the last seconds', facts.workers),
    one('orchestra_paused', 'Whether somebody has paused everything', facts.paused ? 1 : 0),
    one(
      'orchestra_oldest_wait_seconds',
      'Age of the oldest operation that waits on a server that is neither held nor blocked, by no disabled route',
      facts.oldestWait,
    ),
    one('orchestra_lane_age_seconds', 'Age of the oldest script that runs', facts.laneAge),
    one(
      'orchestra_capture_lag_seconds',
      'Age of the oldest committed change that no operation came of yet',
      facts.captureLag,
    ),
    one('orchestra_servers', 'Servers', facts.servers),
    one(
      'orchestra_servers_blocked',
      'Servers that do not answer or whose host key nobody approved',
      facts.blocked,
    ),
    one('orchestra_servers_held', 'Servers that somebody lets wait', facts.held),
    one(
      'orchestra_host_keys_unapproved',
      'Servers that present a host key nobody approved',
      facts.unapprovedKeys,
    ),
    one('orchestra_objects_undecided', 'Objects that cannot be loaded or routed', facts.undecided),
    one('orchestra_incidents_open', 'Incidents that are open and not muted', facts.openIncidents),
    one(
      'orchestra_approvals_waiting',
      'Plans that are kept and wait for the approval of another person',
      facts.waitingApprovals,
    ),
    one('orchestra_syncs_open', 'Synchronizations that have not ended', facts.openSyncs),
    one(
      'orchestra_transfers_open',
      'Data on its way between servers that has not arrived',
      facts.openTransfers,
    ),
    by(
      facts,
      'orchestra_operations_waiting',
      'Operations that wait for their turn',
      ({ waiting }) => waiting,
    ),
    by(facts, 'orchestra_operations_running', 'Operations that run', ({ running }) => running),
    by(
      facts,
      'orchestra_operations_failing',
      'Operations that failed and are tried again',
      ({ failing }) => failing,
    ),
    by(facts, 'orchestra_places', 'Objects on servers, as far as they were placed', ({ placed }) => placed),
    by(
      facts,
      'orchestra_places_stale',
      'Of these, what would be rendered differently now',
      ({ stale }) => stale,
    ),
    {
      name: 'orchestra_operations_total',
      help: 'Operations of scripts that ended, by how they ended',
      type: 'counter',
      samples: facts.outcomes.map(({ backend, outcome, operations }) => ({
        labels: { backend, outcome },
        value: operations,
      })),
    },
  ]
}

function one(name: string, help: string, value: number): Metric {
  return { name, help, type: 'gauge', samples: [{ labels: {}, value }] }
}

function by({ backends }: Facts, name: string, help: string, value: (facts: BackendFacts) => number): Metric {
  const samples = backends.map((facts) => ({ labels: { backend: facts.backend }, value: value(facts) }))
  return { name, help, type: 'gauge', samples }
}

/** One value of a metric. */
export interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

/** Something that is watched, by the name that Prometheus knows it under. */
export interface Metric {
  name: string
  help: string
  type: 'gauge' | 'counter'
  samples: Sample[]
}

/** What is counted by backend; labels of nothing that grows. */
export interface BackendFacts {
  backend: string
  waiting: number
  running: number
  failing: number
  placed: number
  stale: number
}

export interface Facts {
  workers: number
  paused: boolean
  servers: number
  blocked: number
  held: number
  unapprovedKeys: number
  undecided: number
  openIncidents: number
  waitingApprovals: number
  openSyncs: number
  openTransfers: number
  /** Seconds. */
  oldestWait: number
  laneAge: number
  captureLag: number
  backends: BackendFacts[]
  outcomes: { backend: string; outcome: string; operations: number }[]
}

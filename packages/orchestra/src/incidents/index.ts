export { type Mute, muteIncident, resolveIncident } from './act.ts'
export {
  countIncidents,
  type IncidentSearch,
  type IncidentStep,
  type IncidentView,
  incidentFilters,
  incidentStates,
  listIncidents,
  readIncident,
  unknownIncident,
} from './list.ts'
export { type Reported, reportIncident } from './report.ts'
export { watchIncidents } from './watch.ts'

export { type Mute, muteIncident, resolveIncident } from './act.ts'
export {
  type IncidentSearch,
  type IncidentStep,
  type IncidentView,
  incidentStates,
  listIncidents,
  readIncident,
} from './list.ts'
export { watchIncidents } from './watch.ts'

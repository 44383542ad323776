export { acknowledgeIncident, type Mute, muteIncident, resolveIncident } from './act.ts'
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
export { mergeIncident, splitIncident } from './merge.ts'
export { objectsFailing } from './read-symptoms.ts'
export { type Reported, reportIncident } from './report.ts'
export { step as noteStep, watchIncidents } from './watch.ts'

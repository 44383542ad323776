/** The outcome of an incident that somebody's own word opened: nothing that is seen, or seen no more, ends it. */
export const REPORTED = 'override'

/**
 * What an application's role needs in schema `orchestra` to tell of changes beside its tables. The columns that it may write leave out
 * `login`, so nobody can say to have been somebody else.
 */
export const sourceNeeds: readonly { on: string; rights: readonly string[]; why: string }[] = [
  {
    on: 'table orchestra.change',
    rights: ['select', 'insert (unit_id, actor, source, model, action, keys, payload)'],
    why: 'unit.plan() and settled() read what a unit changed, orchestra.collect() adds to it',
  },
  {
    on: 'sequence orchestra.asleep',
    rights: ['select'],
    why: 'orchestra.collect() sees whether a worker has to be woken',
  },
]

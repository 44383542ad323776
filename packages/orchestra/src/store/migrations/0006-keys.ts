export const change = ''

/** Which keys each worker has, the one that it encrypts with first: a new key is used once all have it. */
export const sql = `
alter table orchestra.worker add column key_ids text[];
`

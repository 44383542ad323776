/** A column of schema `orchestra` that holds snapshots, whose secrets are encrypted. */
export interface SealedColumn {
  table: string
  column: string
  /** What names a row, with its types; rows are read in this order. */
  id: readonly { name: string; type: string }[]
  /** SQL for the key of the object that a row is about. */
  objectKey: string
  /** One snapshot, or the names that an object was to get, each with one. */
  holds: 'snapshot' | 'names'
}

const numbered = [{ name: 'id', type: 'bigint' }]
const place = [
  { name: 'key_hash', type: 'uuid' },
  { name: 'model', type: 'text' },
  { name: 'backend', type: 'text' },
  { name: 'server_id', type: 'int' },
]

/** Every place where a secret is kept, beside the setting by which the key is checked. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'placement', column: 'snapshot', id: place, objectKey: 'object_key', holds: 'snapshot' },
  { table: 'placement', column: 'names', id: place, objectKey: 'object_key', holds: 'names' },
  { table: 'operation', column: 'snapshot', id: numbered, objectKey: 'object_key', holds: 'snapshot' },
  { table: 'change', column: 'payload', id: numbered, objectKey: 'keys', holds: 'snapshot' },
  { table: 'channel', column: 'secret', id: numbered, objectKey: 'name', holds: 'snapshot' },
]

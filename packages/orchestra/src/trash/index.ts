export type { TrashEntry } from '../script/index.ts'
export type { TrashContext } from './contact.ts'
export { emptyOldTrash, type RetentionContext } from './retention.ts'
export { emptyTrash, listTrash, restoreTrash } from './trash.ts'

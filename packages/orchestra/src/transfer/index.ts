export { listTransfers, type TransferView } from './list.ts'
export { TransferRunner } from './runner.ts'

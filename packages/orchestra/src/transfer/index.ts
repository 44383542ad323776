export { countTransfers, listTransfers, type TransferView, transferFilters } from './list.ts'
export { TransferRunner } from './runner.ts'

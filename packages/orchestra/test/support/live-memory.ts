import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

/** What a collection finds dead is given back beside it, which takes a while on a busy machine; the next one waits for that. */
function collectGarbage(): void {
  gc()
  gc()
}

/** Bytes of buffers that are still in use: what waits to be collected says nothing about what a stream holds. */
export function liveBufferBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** Bytes of everything that is still in use. */
export function liveBytes(): number {
  collectGarbage()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

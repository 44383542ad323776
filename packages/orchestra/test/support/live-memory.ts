import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

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

import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** A directory for temporary files on another file system than those that tests make; undefined where there is none. */
export const otherFileSystem: string | undefined = ['/dev/shm', '/var/tmp', '/tmp'].find((path) => {
  const other = statSync(path, { throwIfNoEntry: false })
  return other !== undefined && other.dev !== statSync(tmpdir()).dev
})

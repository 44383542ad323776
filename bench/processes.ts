import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Clock ticks in a second, as every Linux of today counts in /proc. */
const TICKS = 100

/** What /proc/PID/stat tells. */
interface Process {
  pid: number
  parent: number
  /** Seconds of a processor, of children that ended too. */
  seconds: number
}

/** Seconds of a processor that a process and all below it have used. */
export function processorSeconds(root: number): number {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readProcess)
  const isBelow = ({ pid, parent }: Process): boolean => {
    if (pid === root) return true
    const above = all.find((one) => one.pid === parent)
    return above !== undefined && isBelow(above)
  }
  return all.filter(isBelow).reduce((sum, { seconds }) => sum + seconds, 0)
}

/** Bytes of memory that this process has, and had at most since the peak was reset. Nothing has to look meanwhile: the kernel knows. */
export function residentMemory(): { now: number; peak: number } {
  const status = readFileSync('/proc/self/status', 'utf8')
  const bytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
}

export function resetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5')
}

export function parentOf(pid: number): number {
  return readProcess(String(pid))[0]?.parent ?? 0
}

/** None when it ended meanwhile. Its name, in parentheses, may hold anything. */
function readProcess(pid: string): Process[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const words = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const ticks = words.slice(11, 15).reduce((sum, word) => sum + Number(word), 0)
    return [{ pid: Number(pid), parent: Number(words[1]), seconds: ticks / TICKS }]
  } catch {
    return []
  }
}

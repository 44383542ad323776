import { readdirSync, readFileSync } from 'node:fs'

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

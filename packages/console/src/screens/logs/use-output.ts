import { useEffect, useState, useSyncExternalStore } from 'react'
import { type Extent, Output } from './output.ts'

/** The output of a log, live for as long as somebody looks: a page that is hidden reads nothing, and catches up. */
export function useOutput(log: number): [output: Output, extent: Extent] {
  const [output] = useState(() => new Output(log))
  const extent = useSyncExternalStore(output.watch, output.extent)
  useEffect(() => {
    let ending = new AbortController()
    const look = () => {
      ending.abort()
      if (document.hidden) return
      ending = new AbortController()
      const { signal } = ending
      void output.lookAtEnd().then(() => output.follow(signal))
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      ending.abort()
    }
  }, [output])
  return [output, extent]
}

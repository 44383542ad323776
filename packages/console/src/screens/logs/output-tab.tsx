import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { View } from '../../parts/view.tsx'
import { Viewer } from './viewer.tsx'

/** What a script printed, by its operations. */
export function OutputTab() {
  const { log } = useParams({ from: '/logs/$log/' })
  const sections = useQuery(asked('GET /logs/{log}/sections', { log }))
  return <View of={sections}>{({ items }) => <Viewer key={log} log={log} sections={items} />}</View>
}

import type { Store } from '../store/index.ts'
import { readChannel, targetOf } from './channel.ts'
import { failureText, sendMessage } from './send.ts'

export {
  addChannel,
  type ChannelView,
  listChannels,
  type NewChannel,
  removeChannel,
  showChannel,
} from './channel.ts'
export { type DeliveryView, listDeliveries, repeatDelivery } from './deliver.ts'
export type { Message, ToldStep } from './message.ts'
export { Teller } from './teller.ts'

/**
 * Sends a message of no meaning at once; answers why it did not arrive.
 * @throws OrchestraError ORC_CHANNEL_UNKNOWN, ORC_KEY_WRONG
 */
export async function testChannel(store: Store, name: string, by: string): Promise<{ error: string | null }> {
  const target = targetOf(store, await readChannel(store, name))
  const at = new Date()
  const text = `${by} tests the channel ${name}: nothing has happened.`
  try {
    await sendMessage(target, `test-${at.getTime()}`, {
      type: 'test',
      timestamp: at.toISOString(),
      data: { text },
    })
    return { error: null }
  } catch (error) {
    return { error: failureText(error, target) }
  }
}

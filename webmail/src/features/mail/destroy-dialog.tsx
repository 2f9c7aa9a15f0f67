import { Confirm } from '@chappe/kit'
import { useActionTexts } from './action-texts'

/** Asks before messages go for good. */
export default function DestroyDialog({ count, onClose, onDestroy }: { count: number; onClose: () => void; onDestroy: () => Promise<unknown> }) {
  const say = useActionTexts()
  return (
    <Confirm title={say('destroy.title')} action={say('destroy')} onDone={onClose} onAct={onDestroy}>
      {say('destroy.lead', { count })}
    </Confirm>
  )
}

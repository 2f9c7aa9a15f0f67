import { Answered, CopyLine, useKitTexts } from '@chappe/kit'
import { Button, Modal, SegmentedControl, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { http } from '../../jmap/client'
import type { AccountStore } from '../../jmap/store'
import type { Email } from '../../jmap/wire'
import classes from './message.module.css'
import { useMessageTexts } from './texts'

const SHOWN = 262_144

/** The message as it came: its headers alone or all of it. */
export default function Source({ store, email, onClose }: { store: AccountStore; email: Email; onClose: () => void }) {
  const say = useMessageTexts()
  const kit = useKitTexts()
  const [part, setPart] = useState('headers')
  const url = store.jmap.downloadUrl(store.accountId, email.blobId, 'message.eml', 'message/rfc822')
  const source = useQuery({
    queryKey: ['source', store.accountId, email.blobId],
    staleTime: Infinity,
    gcTime: 0,
    queryFn: ({ signal }) => http.text(url, { headers: { Range: `bytes=0-${SHOWN - 1}` }, signal }),
  })
  return (
    <Modal opened onClose={onClose} size="xl" title={say('source')} closeButtonProps={{ 'aria-label': kit('close') }}>
      <div className={classes.sourceHead}>
        <SegmentedControl value={part} onChange={setPart} data={[{ value: 'headers', label: say('headers') }, { value: 'whole', label: say('whole') }]} aria-label={say('source')} />
        <Button component="a" href={url} download={`${email.id}.eml`} variant="default">
          {say('downloadAll')}
        </Button>
      </div>
      <Answered of={source}>
        {(text) => (
          <>
            <CopyLine wrap text={part === 'headers' ? (text.split(/\r?\n\r?\n/, 1)[0] ?? '') : text} label={say(part === 'headers' ? 'headers' : 'whole')} />
            {part === 'whole' && email.size > SHOWN && (
              <Text size="sm" mt="xs">
                {say('cut')}
              </Text>
            )}
          </>
        )}
      </Answered>
    </Modal>
  )
}

import { useKitTexts } from '@chappe/kit'
import { Drawer } from '@mantine/core'
import { Navigation } from './shell'
import { useAppTexts } from './texts'

/** The folders on a narrow screen. */
export default function SideDrawer({ onClose }: { onClose: () => void }) {
  const say = useAppTexts()
  const kit = useKitTexts()
  return (
    <Drawer opened onClose={onClose} title={say('folders')} size={300} closeButtonProps={{ 'aria-label': kit('close') }}>
      <nav aria-label={say('folders')}>
        <Navigation onWrite={onClose} />
      </nav>
    </Drawer>
  )
}

import { expect, test } from 'vitest';
import { heldMsMin, letGo, recordingType, troubleOf } from '../src/model/recording';

test('a browser records into the best container that it knows, or not at all', () => {
  expect(recordingType(() => true)).toEqual({ type: 'audio/webm;codecs=opus', ending: 'webm' });
  expect(recordingType((type) => type === 'audio/mp4')).toEqual({ type: 'audio/mp4', ending: 'm4a' });
  expect(recordingType(() => false)).toBeNull();
});

test('a short press lets the recording run, a long one ends it when the button is let go', () => {
  expect([letGo(0), letGo(heldMsMin - 1), letGo(heldMsMin)]).toEqual(['goes on', 'goes on', 'ends']);
});

test('the reason for which there is no microphone is told apart', () => {
  const names = ['NotAllowedError', 'SecurityError', 'NotFoundError', 'NotReadableError', ''];
  expect(names.map(troubleOf)).toEqual(['refused', 'refused', 'missing', 'failed', 'failed']);
});

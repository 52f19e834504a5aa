//! Bytes of one direction that were read and wait to be written: a queue of blocks, filled at the back, emptied at the front.

use crate::budget::Share;
use bytes::{Buf, BytesMut};
use std::collections::VecDeque;
use std::io::IoSlice;

/// The size of a block that is read into directly.
const BLOCK: usize = 128 << 10;
/// The smallest block that is made for bytes that were read elsewhere.
const MIN_BLOCK: usize = 2 << 10;
/// Spare bytes in the last block below which reading into it is not worth a system call.
const MIN_SPARE: usize = 2 << 10;

#[derive(Default)]
pub(super) struct Held {
    blocks: VecDeque<Block>,
    len: u64,
}

struct Block {
    /// What is filled, from the first byte that was not consumed, and then room.
    data: BytesMut,
    filled: usize,
    _share: Share,
}

impl Block {
    fn new(capacity: usize) -> Block {
        Block { data: BytesMut::zeroed(capacity), filled: 0, _share: Share::take(capacity) }
    }

    fn spare(&mut self) -> &mut [u8] {
        &mut self.data[self.filled..]
    }
}

impl Held {
    /// How many bytes are held.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies bytes to the back. New blocks are as large as what they are for, so that many connections that hold little use
    /// little.
    pub(super) fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let block = match self.blocks.back_mut() {
                Some(block) if block.filled < block.data.len() => block,
                _ => {
                    let capacity = bytes.len().next_power_of_two().clamp(MIN_BLOCK, BLOCK);
                    self.blocks.push_back(Block::new(capacity));
                    continue;
                }
            };
            let spare = block.spare();
            let n = bytes.len().min(spare.len());
            spare[..n].copy_from_slice(&bytes[..n]);
            self.fill(n);
            bytes = &bytes[n..];
        }
    }

    /// Room behind the last byte to read into, at most `limit` bytes; with `bulk` a new block is made where there is little.
    pub(super) fn tail(&mut self, bulk: bool, limit: usize) -> Option<&mut [u8]> {
        let spare = self.blocks.back_mut().map_or(0, |block| block.spare().len());
        if spare < MIN_SPARE {
            if !bulk {
                return None;
            }
            self.blocks.push_back(Block::new(BLOCK));
        }
        let spare = self.blocks.back_mut()?.spare();
        let n = spare.len().min(limit);
        Some(&mut spare[..n])
    }

    /// `n` bytes were read into [`Held::tail`].
    pub(super) fn fill(&mut self, n: usize) {
        if let Some(block) = self.blocks.back_mut() {
            block.filled += n;
            self.len += n as u64;
        }
    }

    /// The first bytes, at most `limit` of them, as slices to write from; how many slices were set.
    pub(super) fn front<'a>(&'a self, limit: u64, slices: &mut [IoSlice<'a>]) -> usize {
        let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut count = 0;
        let blocks = self.blocks.iter().filter(|block| block.filled > 0);
        for (slice, block) in slices.iter_mut().zip(blocks) {
            if left == 0 {
                break;
            }
            let n = left.min(block.filled);
            *slice = IoSlice::new(&block.data[..n]);
            left -= n;
            count += 1;
        }
        count
    }

    /// Inverts bits of the byte at `place`, counted from the first that is held.
    pub(super) fn flip(&mut self, mut place: u64, mask: u8) {
        for block in &mut self.blocks {
            match block.data.get_mut(place as usize).filter(|_| place < block.filled as u64) {
                Some(byte) => {
                    *byte ^= mask;
                    return;
                }
                None => place -= block.filled as u64,
            }
        }
    }

    /// Forgets the first `n` bytes, or all where there are fewer; how many were forgotten.
    pub(super) fn consume(&mut self, n: u64) -> u64 {
        let n = n.min(self.len);
        let mut left = n as usize;
        self.len -= n;
        while let Some(block) = self.blocks.front_mut() {
            let taken = left.min(block.filled);
            block.data.advance(taken);
            block.filled -= taken;
            left -= taken;
            if block.filled > 0 {
                break;
            }
            self.blocks.pop_front();
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_out(held: &mut Held, chunk: u64) -> Vec<u8> {
        let mut out = Vec::new();
        while !held.is_empty() {
            let mut slices = [IoSlice::new(&[]); 3];
            let count = held.front(chunk, &mut slices);
            let bytes: Vec<u8> = slices[..count].iter().flat_map(|s| s.iter().copied()).collect();
            assert!(bytes.len() as u64 <= chunk && !bytes.is_empty());
            held.consume(bytes.len() as u64);
            out.extend(bytes);
        }
        out
    }

    #[test]
    fn bytes_come_out_in_order_however_they_went_in() {
        let mut held = Held::default();
        let mut expected = Vec::new();
        for (i, n) in [1usize, 5_000, 300_000, 1, 70_000].into_iter().enumerate() {
            let bytes: Vec<u8> = (0..n).map(|k| (k * 7 + i) as u8).collect();
            if i % 2 == 0 {
                held.append(&bytes);
            } else {
                for piece in bytes.chunks(1_000) {
                    let tail = held.tail(true, piece.len()).expect("a tail");
                    let n = tail.len();
                    tail.copy_from_slice(&piece[..n]);
                    held.fill(n);
                    held.append(&piece[n..]);
                }
            }
            expected.extend(bytes);
        }
        assert_eq!(held.len(), expected.len() as u64);
        assert!(read_out(&mut held, 10_007) == expected);
        assert!(held.blocks.is_empty());
    }

    #[test]
    fn a_bit_is_flipped_wherever_its_byte_lies() {
        let mut held = Held::default();
        held.append(&[0; 300_000]);
        held.consume(1_000);
        for place in [0, 130_000, 298_999] {
            held.flip(place, 1 << 3);
        }
        let bytes = read_out(&mut held, 1 << 20);
        let flipped: Vec<_> = (0..bytes.len()).filter(|i| bytes[*i] == 8).collect();
        assert_eq!(flipped, [0, 130_000, 298_999]);
    }

    #[test]
    fn little_bytes_take_little_memory() {
        let mut held = Held::default();
        held.append(b"ping");
        assert_eq!(held.blocks[0].data.len(), MIN_BLOCK);
        assert!(held.tail(false, 10).is_none());
    }
}

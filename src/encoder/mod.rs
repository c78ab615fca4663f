//! A small transformer encoder with three heads, computed on one core without anybody's runtime: word pieces in, what each head
//! makes of them out. `tools/train/encoder.py` is the same computation, where it learns.
//!
//! Weights are bytes (seven bits with the sign, one scale an output), and products sums of integers: the same on every processor.
//! What stands between them is the same to the bit on one processor; another one may round the last bit otherwise.

mod pieces;

use std::{fmt, sync::Once};

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::{SimdOp, SimdUnaryOp};
use rten_tensor::NdTensorView;
use rten_vecmath::{ExtendInit, Gelu, MinMax, Normalize, NormalizeOptions, Quantize, Softmax, Sum, SumSquareSub};
use safetensors::{Dtype, SafeTensors};

use pieces::Pieces;

/// An encoder and its heads, ready to read.
pub struct Encoder {
    pieces: Pieces,
    /// One row of bytes a word piece, each with its scale.
    words: &'static [u8],
    word_scales: Vec<f32>,
    places: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    heads: [Head; 3],
}

/// What the heads make of a text: the probabilities of each one's classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Of the first head's classes: topics, in [`Encoder::topics`].
    pub topics: Vec<f32>,
    /// Of the second's: no warning sign, then the signs, in [`Encoder::flags`].
    pub flags: Vec<f32>,
    /// Of the third's: how soon the words call for care, from none to emergency.
    pub levels: Vec<f32>,
    /// Where the text stands among others: near what is said alike. Of length one.
    pub place: Vec<f32>,
}

/// Why weights cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightsError(String);

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the model's weights cannot be used: {}; see tools/train/README.md", self.0)
    }
}

impl std::error::Error for WeightsError {}

struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

struct Dense {
    weights: PackedBMatrix<i8>,
    /// The sum of each output's weights: what a row's zero adds to its product. Taken off here, because the crate (0.27) takes the
    /// zeros of rows in a tile from the wrong rows.
    columns: Vec<i32>,
    scales: Vec<f32>,
    shift: Vec<f32>,
}

struct Layer {
    /// Queries, keys and values side by side.
    mix: Dense,
    out: Dense,
    norm_mixed: Norm,
    up: Dense,
    down: Dense,
    norm: Norm,
}

struct Head {
    names: Vec<String>,
    weights: Vec<f32>,
    shift: Vec<f32>,
}

type Gemm = GemmExecutor<u8, i8, i32>;

/// Numbers that describe a piece.
const WIDTH: usize = 384;
const HEADS: usize = 12;
const HEAD: usize = WIDTH / HEADS;
/// No window has more pieces.
pub const PIECES_MAX: usize = 96;
const EPSILON: f32 = 1e-12;

impl Encoder {
    /// Reads weights that `tools/train/export.py` wrote. Sets rayon to one thread for the whole program, which then rests: products
    /// stay on the thread of whoever calls.
    ///
    /// # Errors
    /// What is missing or has another shape.
    pub fn new(bytes: &'static [u8]) -> Result<Self, WeightsError> {
        // The products are small: more threads than the caller's cost more than they give. Whoever set rayon up before is left alone.
        static ALONE: Once = Once::new();
        ALONE.call_once(|| drop(rayon::ThreadPoolBuilder::new().num_threads(1).build_global()));
        let wrong = |why: String| WeightsError(why);
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| wrong(e.to_string()))?;
        let weights = Weights(SafeTensors::deserialize(bytes).map_err(|e| wrong(e.to_string()))?);
        let note = |name: &str| {
            let notes = header.metadata().as_ref();
            notes.and_then(|n| n.get(name)).cloned().ok_or_else(|| wrong(format!("`{name}` is missing")))
        };
        let vocabulary: &'static str = Box::leak(note("vocabulary")?.into_boxed_str());
        let pieces = Pieces::new(vocabulary).ok_or_else(|| wrong("the vocabulary lacks its marks".into()))?;
        let gemm = Gemm::new();
        let words = weights.bytes("words", &[pieces.len(), WIDTH])?;
        let layers = note("layers")?.parse::<usize>().map_err(|e| wrong(format!("`layers`: {e}")))?;
        let layer = |n: usize| {
            let name = |part: &str| format!("layers.{n}.{part}");
            Ok(Layer {
                mix: weights.dense(&gemm, &name("mix"), WIDTH, 3 * WIDTH)?,
                out: weights.dense(&gemm, &name("out"), WIDTH, WIDTH)?,
                norm_mixed: weights.norm(&name("norm1"))?,
                up: weights.dense(&gemm, &name("up"), WIDTH, 4 * WIDTH)?,
                down: weights.dense(&gemm, &name("down"), 4 * WIDTH, WIDTH)?,
                norm: weights.norm(&name("norm2"))?,
            })
        };
        let head = |name: &str, names: String| {
            let names: Vec<String> = names.split('\n').map(str::to_owned).collect();
            Ok(Head {
                weights: weights.floats(&format!("{name}.weight"), &[names.len(), 2 * WIDTH])?,
                shift: weights.floats(&format!("{name}.bias"), &[names.len()])?,
                names,
            })
        };
        let flags = note("flags")?;
        if !flags.starts_with("none\n") {
            return Err(wrong("the first flag is not `none`".into()));
        }
        Ok(Self {
            words,
            word_scales: weights.floats("words.scale", &[pieces.len()])?,
            places: weights.floats("places", &[PIECES_MAX, WIDTH])?,
            norm: weights.norm("norm")?,
            layers: (0..layers).map(layer).collect::<Result<_, _>>()?,
            heads: [
                head("topic", note("topics")?)?,
                head("flag", flags)?,
                head("level", "none\nroutine\nurgent\nemergency".into())?,
            ],
            pieces,
        })
    }

    /// The topics that were learned, in the order of their probabilities; `out-of-scope` stands among them.
    pub fn topics(&self) -> &[String] {
        &self.heads[0].names
    }

    /// The warning signs that were learned; the first is none.
    pub fn flags(&self) -> &[String] {
        &self.heads[1].names
    }

    /// How many pieces a text has, with the marks around it.
    pub fn pieces(&self, text: &str) -> usize {
        self.pieces.of(text, usize::MAX).len()
    }

    /// Reads some texts; of each at most [`PIECES_MAX`] pieces.
    pub fn hear<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> Vec<Heard> {
        let rows: Vec<Vec<u32>> = texts.into_iter().map(|text| self.pieces.of(text, PIECES_MAX)).collect();
        let mut x: Vec<f32> = Vec::with_capacity(rows.iter().map(Vec::len).sum::<usize>() * WIDTH);
        for row in &rows {
            for (at, &id) in row.iter().enumerate() {
                let id = id as usize;
                let scale = self.word_scales[id];
                let word = &self.words[id * WIDTH..(id + 1) * WIDTH];
                let place = &self.places[at * WIDTH..(at + 1) * WIDTH];
                x.extend(word.iter().zip(place).map(|(&w, p)| f32::from(w as i8) * scale + p));
            }
        }
        self.norm.apply(&mut x);
        // It may not be shared between threads, and costs next to nothing.
        let gemm = Gemm::new();
        for layer in &self.layers {
            layer.apply(&gemm, &rows, &mut x);
        }
        let mut from = 0;
        let heard = rows.iter().map(|row| {
            let own = &x[from..from + row.len() * WIDTH];
            from += own.len();
            self.heard(own)
        });
        heard.collect()
    }

    fn heard(&self, x: &[f32]) -> Heard {
        let mut pooled = vec![0.0_f32; 2 * WIDTH];
        let (mean, largest) = pooled.split_at_mut(WIDTH);
        largest.fill(f32::NEG_INFINITY);
        for row in x.chunks_exact(WIDTH) {
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v);
            largest.iter_mut().zip(row).for_each(|(m, v)| *m = m.max(*v));
        }
        let count = (x.len() / WIDTH) as f32;
        mean.iter_mut().for_each(|m| *m /= count);
        let mut place = mean.to_vec();
        let length = place.iter().map(|v| v * v).sum::<f32>().sqrt();
        place.iter_mut().for_each(|v| *v /= length);
        let [topics, flags, levels] = &self.heads;
        Heard { topics: topics.apply(&pooled), flags: flags.apply(&pooled), levels: levels.apply(&pooled), place }
    }
}

impl Layer {
    fn apply(&self, gemm: &Gemm, rows: &[Vec<u32>], x: &mut [f32]) {
        let sides = self.mix.apply(gemm, x);
        let mut mixed = vec![0.0; x.len()];
        let mut from = 0;
        for row in rows {
            let to = from + row.len();
            attend(&sides[from * 3 * WIDTH..to * 3 * WIDTH], &mut mixed[from * WIDTH..to * WIDTH]);
            from = to;
        }
        add(x, &self.out.apply(gemm, &mixed));
        self.norm_mixed.apply(x);
        let mut wide = self.up.apply(gemm, x);
        Gelu {}.map_mut(&mut wide);
        add(x, &self.down.apply(gemm, &wide));
        self.norm.apply(x);
    }
}

/// Lets each piece take from the others of its text what is akin to it, head by head. Loops run over neighboring numbers, so that the
/// compiler may use the processor's vectors.
fn attend(sides: &[f32], mixed: &mut [f32]) {
    let count = mixed.len() / WIDTH;
    let row = |at: usize, side: usize, head: usize| {
        let from = at * 3 * WIDTH + side * WIDTH + head * HEAD;
        &sides[from..from + HEAD]
    };
    let scale = 1.0 / (HEAD as f32).sqrt();
    let mut keys = vec![0.0; HEAD * count];
    let mut shares = vec![0.0; count];
    for head in 0..HEADS {
        for at in 0..count {
            row(at, 1, head).iter().enumerate().for_each(|(n, key)| keys[n * count + at] = key * scale);
        }
        for at in 0..count {
            shares.fill(0.0);
            for (part, keys) in row(at, 0, head).iter().zip(keys.chunks_exact(count)) {
                shares.iter_mut().zip(keys).for_each(|(share, key)| *share += part * key);
            }
            Softmax::new_mut(&mut shares).dispatch();
            let own = &mut mixed[at * WIDTH + head * HEAD..][..HEAD];
            for (other, share) in shares.iter().enumerate() {
                own.iter_mut().zip(row(other, 2, head)).for_each(|(m, v)| *m += share * v);
            }
        }
    }
}

/// Eight running sums, so that the compiler may use the processor's vectors; always added in the same order.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

fn add(x: &mut [f32], more: &[f32]) {
    x.iter_mut().zip(more).for_each(|(x, m)| *x += m);
}

impl Dense {
    /// Each row of `x` is brought to bytes with a scale and a zero of its own, multiplied, and brought back.
    fn apply(&self, gemm: &Gemm, x: &[f32]) -> Vec<f32> {
        let (inputs, outputs) = (self.weights.rows(), self.weights.cols());
        let rows = x.len() / inputs;
        let mut bytes: Vec<u8> = Vec::with_capacity(x.len());
        let (mut scales, mut zeros) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in x.chunks_exact(inputs) {
            let (least, most) = MinMax::new(row).dispatch();
            let scale = ((most.max(0.0) - least.min(0.0)) / 255.0).max(f32::MIN_POSITIVE);
            let zero = (-least.min(0.0) / scale).round_ties_even() as u8;
            bytes.extend_init(|spare| Quantize::new(row, &mut spare[..inputs], 1.0 / scale, zero).dispatch());
            scales.push(scale);
            zeros.push(i32::from(zero));
        }
        let mut sums = vec![0_i32; rows * outputs];
        let a = NdTensorView::from_data([rows, inputs], &bytes[..]);
        let done = gemm.gemm(&mut sums, GemmInputA::Unpacked(a), GemmInputB::Packed(&self.weights), GemmOptions::default());
        assert!(done.is_ok(), "shapes were checked when the weights were read: {done:?}");
        let mut out = Vec::with_capacity(sums.len());
        for ((row, scale), zero) in sums.chunks_exact(outputs).zip(scales).zip(zeros) {
            let columns = self.columns.iter().zip(&self.scales).zip(&self.shift);
            out.extend(row.iter().zip(columns).map(|(sum, ((all, s), shift))| (sum - zero * all) as f32 * (scale * s) + shift));
        }
        out
    }
}

impl Norm {
    fn apply(&self, x: &mut [f32]) {
        for row in x.chunks_exact_mut(WIDTH) {
            let mean = Sum::new(row).dispatch() / WIDTH as f32;
            let variance = SumSquareSub::new(row, mean).dispatch() / WIDTH as f32;
            let options = NormalizeOptions {
                pre_scale_bias: mean,
                scale: 1.0 / (variance + EPSILON).sqrt(),
                element_scale: Some(&self.scale),
                element_bias: Some(&self.shift),
                ..NormalizeOptions::default()
            };
            Normalize::new_mut(row, options).dispatch();
        }
    }
}

impl Head {
    fn apply(&self, pooled: &[f32]) -> Vec<f32> {
        let rows = self.weights.chunks_exact(pooled.len());
        let mut scores: Vec<f32> = rows.zip(&self.shift).map(|(row, shift)| dot(row, pooled) + shift).collect();
        Softmax::new_mut(&mut scores).dispatch();
        scores
    }
}

/// Tensors by name, with their shapes checked.
struct Weights(SafeTensors<'static>);

impl Weights {
    fn tensor(&self, name: &str, kind: Dtype, shape: &[usize]) -> Result<&'static [u8], WeightsError> {
        let found = self.0.tensor(name).map_err(|e| WeightsError(e.to_string()))?;
        if found.dtype() != kind || found.shape() != shape {
            let what = format!("`{name}` is {:?} {:?}, not {kind:?} {shape:?}", found.dtype(), found.shape());
            return Err(WeightsError(what));
        }
        Ok(found.data())
    }

    fn bytes(&self, name: &str, shape: &[usize]) -> Result<&'static [u8], WeightsError> {
        self.tensor(name, Dtype::I8, shape)
    }

    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let (quads, _) = self.tensor(name, Dtype::F32, shape)?.as_chunks::<4>();
        Ok(quads.iter().map(|quad| f32::from_le_bytes(*quad)).collect())
    }

    fn norm(&self, name: &str) -> Result<Norm, WeightsError> {
        let part = |part: &str| self.floats(&format!("{name}.{part}"), &[WIDTH]);
        Ok(Norm { scale: part("weight")?, shift: part("bias")? })
    }

    fn dense(&self, gemm: &Gemm, name: &str, inputs: usize, outputs: usize) -> Result<Dense, WeightsError> {
        let bytes = self.bytes(&format!("{name}.weight"), &[inputs, outputs])?;
        let signed: Vec<i8> = bytes.iter().map(|&b| b as i8).collect();
        let weights = gemm.prepack_b(NdTensorView::from_data([inputs, outputs], &signed[..]));
        let mut columns = vec![0; outputs];
        for row in signed.chunks_exact(outputs) {
            columns.iter_mut().zip(row).for_each(|(all, &w)| *all += i32::from(w));
        }
        let scales = self.floats(&format!("{name}.scale"), &[outputs])?;
        Ok(Dense { weights, columns, scales, shift: self.floats(&format!("{name}.bias"), &[outputs])? })
    }
}

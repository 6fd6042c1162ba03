//! The brightness-temperature CNN on burn's CPU backend against PyTorch (`tests/reference/make_tb_goldens.py`): outputs, loss, gradients,
//! the losses of three Adam steps, and its weights on disk. Tolerance 1e-4 of the largest value.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use loam_nn::Adam;
use loam_nn::tb_cnn::{TbCase, TbCnn};
use loam_nn::{Archive, WeightTensor, Weights, block_on};

static GOLDENS: &[u8] = include_bytes!("../goldens/tb_cnn.safetensors");
const SEED: u64 = 9;
const TOLERANCE: f32 = 1e-4;

fn golden(name: &str) -> WeightTensor {
    Archive::from_bytes(GOLDENS).unwrap().tensors.remove(name).unwrap_or_else(|| panic!("no golden {name}"))
}

fn tensor(name: &str, device: &Device) -> Tensor<4> {
    let WeightTensor { shape, values } = golden(name);
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(tensor.without_autodiff().into_data_async()).unwrap().try_into_vec::<f32>().unwrap()
}

fn assert_close(name: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let largest = theirs.iter().fold(f32::MIN_POSITIVE, |l, v| l.max(v.abs()));
    let worst = ours.iter().zip(theirs).fold(0f32, |w, (a, b)| w.max((a - b).abs())) / largest;
    println!("{name}: {worst:.1e}");
    assert!(worst <= tolerance, "{name} differs by {worst:.1e} of its largest value");
}

/// Gradients in the order of a walk, which is that of the schema.
struct Walk<'a>(&'a Gradients, Vec<Vec<f32>>);

impl ModuleVisitor for Walk<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.1.push(values(param.val().grad(self.0).unwrap()));
    }
}

#[test]
fn outputs_gradients_and_three_steps_agree_with_pytorch() {
    for case in TbCase::ALL {
        let name = case.name();
        let device = Device::flex().autodiff();
        let (mut network, found) =
            TbCnn::from_weights(&loam_nn::tb_cnn::first_weights(case, SEED), &device).unwrap();
        assert_eq!(found, case);
        let [x, target, mask] =
            ["x", "target", "mask"].map(|part| tensor(&format!("{name}.{part}"), &device));
        let mut adam = Adam::new();
        let mut losses = Vec::new();
        for step in 0..3 {
            let output = network.forward(x.clone());
            let loss = network.loss(output.clone(), target.clone(), mask.clone());
            let gradients = loss.backward();
            losses.extend(values(loss));
            if step == 0 {
                assert_close(
                    &format!("{name}.output"),
                    &values(output),
                    &golden(&format!("{name}.output")).values,
                    TOLERANCE,
                );
                let mut walk = Walk(&gradients, Vec::new());
                network.visit(&mut walk);
                assert_eq!(walk.1.len(), loam_nn::tb_cnn::schema(case).len());
                for ((tensor, shape), ours) in loam_nn::tb_cnn::schema(case).into_iter().zip(&walk.1) {
                    assert_eq!(ours.len(), shape.iter().product::<usize>());
                    let squares: f32 = ours.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>() as f32;
                    assert_close(
                        &format!("{name} squares of {tensor}"),
                        &[squares],
                        &golden(&format!("{name}.squares.{tensor}")).values,
                        1e-3,
                    );
                }
                for tensor in [
                    "group0.conv3.weight",
                    "group0.conv5.weight",
                    "group3.conv5.bias",
                    "out.weight",
                    "out.bias",
                ] {
                    let at =
                        loam_nn::tb_cnn::schema(case).iter().position(|(known, _)| known == tensor).unwrap();
                    assert_close(
                        &format!("{name}.grad.{tensor}"),
                        &walk.1[at],
                        &golden(&format!("{name}.grad.{tensor}")).values,
                        TOLERANCE,
                    );
                }
            }
            network = adam.step(network, &gradients, 1e-4);
        }
        assert_close(
            &format!("{name}.losses"),
            &losses,
            &golden(&format!("{name}.losses")).values,
            TOLERANCE,
        );
        assert!(losses[2] < losses[0]);
    }
}

#[test]
fn weights_come_back_from_disk_to_the_bit_and_others_are_refused() {
    for case in TbCase::ALL {
        let first = loam_nn::tb_cnn::first_weights(case, SEED);
        let (network, _) = TbCnn::from_weights(&first, &Device::flex()).unwrap();
        let kept = block_on(network.to_weights(first.metadata.clone())).unwrap();
        assert_eq!(kept, first);
        assert_eq!(Weights::of_any_network(&kept.to_bytes()).unwrap(), first);
    }
    let broken = |change: fn(&mut Weights)| {
        let mut weights = loam_nn::tb_cnn::first_weights(TbCase::SoilMoisture, 1);
        change(&mut weights);
        TbCnn::from_weights(&weights, &Device::flex()).unwrap_err().to_string()
    };
    assert!(
        broken(|w| drop(w.tensors.remove("group4.conv5.bias"))).contains("group4.conv5.bias  [64]      -")
    );
    assert!(
        broken(|w| drop(
            w.tensors
                .insert("group7.conv3.bias".into(), WeightTensor { shape: vec![64], values: vec![0.0; 64] })
        ))
        .contains("group7.conv3.bias  -         [64]")
    );
    assert!(
        broken(|w| w.tensors.get_mut("out.weight").unwrap().values[3] = f32::NAN).contains("NaN or infinite")
    );
    assert!(
        broken(|w| drop(w.metadata.insert("model".into(), "smen".into())))
            .contains("metadata model  tb_cnn    smen")
    );
    assert!(broken(|w| drop(w.tensors.remove("out.bias"))).contains("out.bias"));
}
